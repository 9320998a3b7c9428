# Batches leave without waiting for acks until the window is full; then entries gather and leave in one larger batch.

cluster nodes=3 window=2
(stand 1)
(deliver)
isolate 3
hold 2
propose 1 a
propose 1 b
propose 1 c
propose 1 d
status 1
---
n1 write 3: append 2@1:a
n1 -> n2 Append term=1 prev=1@1 commit=1 2@1:a
n1 -> n3 Append term=1 prev=1@1 commit=1 2@1:a
n1 write 4: append 3@1:b
n1 -> n2 Append term=1 prev=2@1 commit=1 3@1:b
n1 -> n3 Append term=1 prev=2@1 commit=1 3@1:b
n1 write 5: append 4@1:c
n1 write 6: append 5@1:d
n1 leader term=1 leader=n1 commit=1 durable=5 log=[1,1,1,1,1]
  n2 pipeline match=1 next=4 inflight=2
  n3 pipeline match=1 next=4 inflight=2
  ignored unknown=0 malformed=0 stale=1 impossible=0

deliver to=2
sync 2
deliver count=1
---
n2 write 3: append 2@1:a
n2 -> n1 AppendAck term=1 match=2 (after write 3)
n2 write 4: append 3@1:b
n2 -> n1 AppendAck term=1 match=3 (after write 4)
n2 has write 4 on disk

deliver
status 1
---
n1 commits up to 2
n1 -> n2 Append term=1 prev=3@1 commit=2 4@1:c 5@1:d
n1 commits up to 3
n2 write 5: append 4@1:c 5@1:d
n2 commits up to 2
n2 -> n1 AppendAck term=1 match=5 (after write 5)
n1 leader term=1 leader=n1 commit=3 durable=5 log=[1,1,1,1,1]
  n2 pipeline match=3 next=6 inflight=1
  n3 pipeline match=1 next=4 inflight=2
  ignored unknown=0 malformed=0 stale=1 impossible=0
