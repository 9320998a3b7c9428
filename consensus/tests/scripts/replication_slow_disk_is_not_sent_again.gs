# A follower whose disk is slow is asked about the end of what it was sent, and not sent it again; its acks are taken as they come.

cluster nodes=3
(stand 1)
(deliver)
isolate 3
hold 2
(propose 1 a)
(propose 1 b)
(deliver)
(tick 1 30)
(deliver)
(tick 1 29)
(deliver)
tick 1
deliver
status 1
---
n1 begins round 6 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=6 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=6 floor=1
n1 -> n2 Append term=1 prev=3@1 commit=1 nothing
n2 -> n1 HeartbeatAck term=1 seq=6 commit=1 applied=0
n2 -> n1 AppendAck term=1 match=3 (after write 4)
n1 has a lease from round 6
n1 leader term=1 leader=n1 commit=1 durable=3 log=[1,1,1]
  n2 probe match=1 next=4 inflight=0
  n3 pipeline match=1 next=4 inflight=2
  ignored unknown=0 malformed=0 stale=1 impossible=0

sync 2 upto=3
deliver
status 1
---
n2 has write 3 on disk
n1 commits up to 2
n1 leader term=1 leader=n1 commit=2 durable=3 log=[1,1,1]
  n2 probe match=2 next=4 inflight=0
  n3 pipeline match=1 next=4 inflight=2
  ignored unknown=0 malformed=0 stale=1 impossible=0

sync 2
deliver
status 1
---
n2 has write 4 on disk
n1 commits up to 3
n1 -> n2 Commit term=1 commit=3
n2 commits up to 3
n1 leader term=1 leader=n1 commit=3 durable=3 log=[1,1,1]
  n2 pipeline match=3 next=4 inflight=0
  n3 pipeline match=1 next=4 inflight=2
  ignored unknown=0 malformed=0 stale=1 impossible=0
