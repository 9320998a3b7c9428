# A strong-sync voter that holds up commits for three seconds is not waited for any more, until it has caught up.

cluster nodes=3 strong=3
(stand 1)
(deliver)
isolate 3
(propose 1 a)
(deliver)
(pass 300)
status 1
tick 1
status 1
---
n1 leader term=1 leader=n1 commit=1 durable=2 log=[1,1]
  n2 pipeline match=2 next=3 inflight=0
  n3 pipeline match=1 next=3 inflight=1
  ignored unknown=0 malformed=0 stale=1 impossible=0
n1 does not wait for n3 any more, which holds 1
n1 commits up to 2
n1 -> n2 Commit term=1 commit=2
n1 leader term=1 leader=n1 commit=2 durable=2 log=[1,1]
  n2 pipeline match=2 next=3 inflight=0
  n3 pipeline match=1 next=3 inflight=1 degraded
  ignored unknown=0 malformed=0 stale=1 impossible=0

propose 1 b
deliver to=2
deliver to=1
---
n1 write 4: append 3@1:b
n1 -> n2 Append term=1 prev=2@1 commit=2 3@1:b
n1 -> n3 Append term=1 prev=2@1 commit=2 3@1:b
n2 commits up to 2
n2 write 4: append 3@1:b
n2 -> n1 AppendAck term=1 match=3 (after write 4)
n1 commits up to 3
n1 -> n2 Commit term=1 commit=3

heal
(pass 70)
status 1
propose 1 c
deliver to=2
deliver to=1
---
n1 leader term=1 leader=n1 commit=3 durable=3 log=[1,1,1]
  n2 pipeline match=3 next=4 inflight=0
  n3 pipeline match=3 next=4 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
n1 write 5: append 4@1:c
n1 -> n2 Append term=1 prev=3@1 commit=3 4@1:c
n1 -> n3 Append term=1 prev=3@1 commit=3 4@1:c
n2 write 5: append 4@1:c
n2 -> n1 AppendAck term=1 match=4 (after write 5)
