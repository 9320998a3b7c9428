# A follower that lost what it had acked refuses what the leader knows it has: the question rests, and is repeated only in a while.

cluster nodes=3
(stand 1)
(deliver)
(propose 1 a b c)
(deliver)
disconnect 1 3
node 3 terms=1 term=1
connect 1 3
deliver
status 1
---
n1 -> n3 Append term=1 prev=4@1 commit=4 nothing
n3 is follower in term 1, leader n1
n3 -> n1 AppendReject term=1 prev=4 conflict=1@1 last=1
n1 leader term=1 leader=n1 commit=4 durable=4 log=[1,1,1,1]
  n2 pipeline match=4 next=5 inflight=0
  n3 probe match=4 next=5 inflight=0
  ignored unknown=0 malformed=0 stale=2 impossible=0

(tick 1 50)
(deliver)
tick 1 20
deliver
status 1
---
n1 begins round 6 of term 1
n1 -> n2 Heartbeat term=1 commit=4 seq=6 floor=4
n1 -> n3 Heartbeat term=1 commit=4 seq=6 floor=4
n1 -> n3 Append term=1 prev=4@1 commit=4 nothing
n1 begins round 7 of term 1
n1 -> n2 Heartbeat term=1 commit=4 seq=7 floor=4
n1 -> n3 Heartbeat term=1 commit=4 seq=7 floor=4
n2 -> n1 HeartbeatAck term=1 seq=6 commit=4 applied=0
n3 -> n1 HeartbeatAck term=1 seq=6 commit=1 applied=0
n3 -> n1 AppendReject term=1 prev=4 conflict=1@1 last=1
n2 -> n1 HeartbeatAck term=1 seq=7 commit=4 applied=0
n3 -> n1 HeartbeatAck term=1 seq=7 commit=1 applied=0
n1 has a lease from round 6
n1 has a lease from round 7
n1 leader term=1 leader=n1 commit=4 durable=4 log=[1,1,1,1]
  n2 pipeline match=4 next=5 inflight=0
  n3 probe match=4 next=5 inflight=0
  ignored unknown=0 malformed=0 stale=3 impossible=0
