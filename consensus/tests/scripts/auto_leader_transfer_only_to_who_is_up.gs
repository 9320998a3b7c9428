# A heavier voter that is not heard, or lags by more than a batch, is left alone; after five looks the leader gives up.

cluster nodes=3 weights=5.9.5 batch=2
(stand 1)
(deliver)
isolate 2
(pass 55)
(fill 1 9)
(pass 300)
status 1
---
n1 leader term=1 leader=n1 commit=10 durable=10 log=[1,1,1,1,1,1,1,1,1,1]
  n2 pipeline match=1 next=11 inflight=5
  n3 pipeline match=10 next=11 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0

# The first four looks were in vain, and so is the fifth.
heal
(pass 600)
status 1
---
n1 leader term=1 leader=n1 commit=10 durable=10 log=[1,1,1,1,1,1,1,1,1,1]
  n2 pipeline match=10 next=11 inflight=0
  n3 pipeline match=10 next=11 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
