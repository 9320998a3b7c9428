# A snapshot that the log has got past, or that reaches a node that stands or leads, changes nothing.

cluster nodes=3
(stand 1)
(deliver)
isolate 3
(propose 1 a)
(deliver)
stage 2 of=1
stage 1 of=2
(stand 3)
stage 3 of=1
status
---
n1 leader term=1 leader=n1 commit=2 durable=2 log=[1,1]
  n2 pipeline match=2 next=3 inflight=0
  n3 pipeline match=1 next=3 inflight=1
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=1 leader=n1 commit=2 durable=2 log=[1,1]
n3 pre-candidate term=1 leader=nobody commit=1 durable=1 log=[1]
