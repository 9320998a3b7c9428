# What a follower loses in a crash it has never acknowledged: it was not counted, and is sent again.

cluster nodes=3
(stand 1)
(deliver)
hold 2
hold 3
(propose 1 a b)
(deliver)
crash 2
restart 2
status
---
n1 leader term=1 leader=n1 commit=1 durable=3 log=[1,1,1]
  n2 pipeline match=1 next=4 inflight=1
  n3 pipeline match=1 next=4 inflight=1
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=1 leader=nobody commit=0 durable=1 log=[1]
n3 follower term=1 leader=n1 commit=1 durable=1 log=[1,1,1]

(release 2)
(pass 70)
status
---
n1 leader term=1 leader=n1 commit=3 durable=3 log=[1,1,1]
  n2 pipeline match=3 next=4 inflight=0
  n3 probe match=1 next=4 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=1 leader=n1 commit=3 durable=3 log=[1,1,1]
n3 follower term=1 leader=n1 commit=1 durable=1 log=[1,1,1]
