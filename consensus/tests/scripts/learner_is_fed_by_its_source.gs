# A learner with a source subscribes to it, not to the leader, and gets what is committed and nothing else.

cluster nodes=4 learners=4
(stand 1)
(deliver)
(pass 15)
(change 1 source 4 2)
(deliver)
pass 10
status
---
n1 begins round 2 of term 1
n1 -> n2 Heartbeat term=1 commit=2 seq=2 floor=2
n1 -> n3 Heartbeat term=1 commit=2 seq=2 floor=2
n1 -> n4 Heartbeat term=1 commit=0 seq=2 floor=2 learner
n2 -> n1 HeartbeatAck term=1 seq=2 commit=2 applied=0
n3 -> n1 HeartbeatAck term=1 seq=2 commit=2 applied=0
n4 -> n1 HeartbeatAck term=1 seq=2 commit=2 applied=0
n1 has a lease from round 2
n4 turns to source n2
n4 -> n2 Subscribe term=1 commit=2 applied=0
n2 -> n4 Feed term=1 prev=2@1 commit=2 nothing
n4 -> n2 FeedAck term=1 match=2
n1 leader term=1 leader=n1 commit=2 durable=2 log=[1,1]
  n2 pipeline match=2 next=3 inflight=0
  n3 pipeline match=2 next=3 inflight=0
  n4 learner holds=2
  feeds n4 match=2 next=3
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=1 leader=n1 commit=2 durable=2 log=[1,1]
  feeds n4 match=2 next=3
n3 follower term=1 leader=n1 commit=2 durable=2 log=[1,1]
n4 learner term=1 leader=n1 commit=2 durable=2 log=[1,1]
  fed by n2

isolate 3
propose 1 a
# On two disks, and n2 does not know that yet: nothing is fed.
deliver to=2
---
n1 write 4: append 3@1:a
n1 -> n2 Append term=1 prev=2@1 commit=2 3@1:a
n1 -> n3 Append term=1 prev=2@1 commit=2 3@1:a
n2 write 4: append 3@1:a
n2 -> n1 AppendAck term=1 match=3 (after write 4)

deliver
status 4
---
n1 commits up to 3
n1 -> n2 Commit term=1 commit=3
n1 -> n4 Feed term=1 prev=2@1 commit=3 3@1:a
n2 commits up to 3
n2 -> n4 Feed term=1 prev=2@1 commit=3 3@1:a
n4 write 4: append 3@1:a
n4 commits up to 3
n4 -> n1 FeedAck term=1 match=3 (after write 4)
n4 -> n2 FeedAck term=1 match=3
n4 learner term=1 leader=n1 commit=3 durable=3 log=[1,1,1]
  fed by n2
