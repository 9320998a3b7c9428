# One of two others answering keeps the leader; in a cluster of three that is a majority with itself.

cluster nodes=3
(stand 1)
(deliver)
cut 1 3
(tick 1 50)
(deliver)
(tick 1 50)
(deliver)
status 1
---
n1 leader term=1 leader=n1 commit=1 durable=1 log=[1]
  n2 pipeline match=1 next=2 inflight=0
  n3 pipeline match=1 next=2 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
