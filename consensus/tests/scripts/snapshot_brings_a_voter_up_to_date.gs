# A voter that needs what is purged everywhere is told to get a snapshot, from a follower by preference, and goes on behind it.

cluster nodes=3
(stand 1)
(deliver)
isolate 3
(propose 1 a b c d)
(deliver)
(applied 1 5)
(applied 2 5)
(pass 10)
purge 1 4
heal
(disconnect 1 3)
connect 1 3
deliver
pass 1
status 1
---
n1 -> n3 Append term=1 prev=4@1 commit=5 5@1:d
n3 -> n1 AppendReject term=1 prev=4 conflict=1@1 last=1
n1 -> n3 SnapshotNeeded term=1 from=n2 at_least=4
n3 fetches a snapshot from n2 (leader n1) of at least 4
n1 leader term=1 leader=n1 commit=5 durable=5 log=[4..1]
  n2 pipeline match=5 next=6 inflight=0
  n3 probe match=1 next=5 inflight=0 behind
  ignored unknown=0 malformed=0 stale=1 impossible=0

# Told again after an election timeout, and not more often.
(pass 58)
pass 2
---
n1 begins round 7 of term 1
n1 -> n2 Heartbeat term=1 commit=5 seq=7 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=7 floor=1
n1 -> n3 Append term=1 prev=4@1 commit=5 nothing
n2 -> n1 HeartbeatAck term=1 seq=7 commit=5 applied=5
n3 -> n1 HeartbeatAck term=1 seq=7 commit=1 applied=0
n3 -> n1 AppendReject term=1 prev=4 conflict=1@1 last=1
n1 has a lease from round 7
n1 -> n3 SnapshotNeeded term=1 from=n2 at_least=4
n3 fetches a snapshot from n2 (leader n1) of at least 4

hold 3
stage 3 of=2
status 3
---
n3 write 3: nothing after 5@1
n3 follower term=1 leader=n1 commit=5 durable=1 log=[5..]

# Nothing is acknowledged before the snapshot is in place.
(propose 1 e)
(deliver)
(pass 20)
status
---
n1 leader term=1 leader=n1 commit=6 durable=6 log=[4..1,1]
  n2 pipeline match=6 next=7 inflight=0
  n3 probe match=1 next=5 inflight=0 behind
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=1 leader=n1 commit=6 durable=6 log=[1,1,1,1,1,1]
n3 follower term=1 leader=n1 commit=5 durable=1 log=[5..]

release 3
pass 10
status
---
n1 begins round 10 of term 1
n1 -> n2 Heartbeat term=1 commit=6 seq=10 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=10 floor=1
n2 -> n1 HeartbeatAck term=1 seq=10 commit=6 applied=5
n3 -> n1 HeartbeatAck term=1 seq=10 commit=5 applied=0
n1 has a lease from round 10
n1 -> n3 Append term=1 prev=5@1 commit=6 6@1:e
n3 write 4: append 6@1:e
n3 commits up to 6
n3 -> n1 AppendAck term=1 match=6 (after write 4)
n1 leader term=1 leader=n1 commit=6 durable=6 log=[4..1,1]
  n2 pipeline match=6 next=7 inflight=0
  n3 pipeline match=6 next=7 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=1 leader=n1 commit=6 durable=6 log=[1,1,1,1,1,1]
n3 follower term=1 leader=n1 commit=6 durable=6 log=[5..1]

crash 3
restart 3 commit=5
status 3
members 3
---
n3 follower term=1 leader=nobody commit=5 durable=6 log=[5..1]
n3 members from 0 (committed): n1 n2 n3; all hold 0
