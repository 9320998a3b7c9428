# A leader that a majority has not answered for an election timeout steps down by itself.

cluster nodes=3
(stand 1)
(deliver)
isolate 1
(tick 1 59)
status 1
---
n1 leader term=1 leader=n1 commit=1 durable=1 log=[1]
  n2 pipeline match=1 next=2 inflight=0
  n3 pipeline match=1 next=2 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0

tick 1
status 1
---
n1 is follower in term 1, leader nobody
n1 follower term=1 leader=nobody commit=1 durable=1 log=[1]
  ignored unknown=0 malformed=0 stale=1 impossible=0
