# A new leader waits for every strong-sync voter again, for as long as any leader would, before it is ready.

cluster nodes=3 strong=3
(stand 1)
(deliver)
crash 3
crash 1
(restart 1)
(tick 1 60)
(stand 2)
(deliver)
(pass 299)
status 2
(pass 5)
status 2
---
n2 leader term=2 leader=n2 commit=1 durable=2 log=[1,2]
  n1 pipeline match=2 next=3 inflight=0
  n3 probe match=0 next=2 inflight=0
n2 leader term=2 leader=n2 commit=2 durable=2 log=[1,2]
  n1 pipeline match=2 next=3 inflight=0
  n3 probe match=0 next=2 inflight=0 degraded
