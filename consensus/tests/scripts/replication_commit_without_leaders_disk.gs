# Two followers are a majority: the commit does not wait for a leader whose disk is slow.

cluster nodes=3
(stand 1)
(deliver)
hold 1
propose 1 a
deliver
status 1
---
n1 write 3: append 2@1:a
n1 -> n2 Append term=1 prev=1@1 commit=1 2@1:a
n1 -> n3 Append term=1 prev=1@1 commit=1 2@1:a
n2 write 3: append 2@1:a
n2 -> n1 AppendAck term=1 match=2 (after write 3)
n3 write 3: append 2@1:a
n3 -> n1 AppendAck term=1 match=2 (after write 3)
n1 commits up to 2
n1 -> n2 Commit term=1 commit=2
n1 -> n3 Commit term=1 commit=2
n2 commits up to 2
n3 commits up to 2
n1 leader term=1 leader=n1 commit=2 durable=1 log=[1,1]
  n2 pipeline match=2 next=3 inflight=0
  n3 pipeline match=2 next=3 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
