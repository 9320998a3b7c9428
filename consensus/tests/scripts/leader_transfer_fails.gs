# A target that is down does not catch up: nothing was ever held, and the leader goes on.

cluster nodes=3 batch=1
(stand 1)
(deliver)
isolate 3
(fill 1 3)
(deliver)
transfer 1 3
status 1
---
n1 leader term=1 leader=n1 commit=4 durable=4 log=[1,1,1,1]
  n2 pipeline match=4 next=5 inflight=0
  n3 pipeline match=1 next=5 inflight=3
  hands over to n3
  ignored unknown=0 malformed=0 stale=1 impossible=0

(pass 499)
isolate 2
pass 1
---
n1 begins round 50 of term 1
n1 -> n2 Heartbeat term=1 commit=4 seq=50 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=50 floor=1
n1 does not hand over: TimedOut
