# A strong-sync voter is waited for, whoever else has the entry; and so is a strong-sync leader's own disk.

cluster nodes=5 strong=2
(stand 1)
(deliver)
(propose 1 a)
deliver to=3
deliver to=4
deliver to=5
deliver to=1
---
n3 write 3: append 2@1:a
n3 -> n1 AppendAck term=1 match=2 (after write 3)
n4 write 3: append 2@1:a
n4 -> n1 AppendAck term=1 match=2 (after write 3)
n5 write 3: append 2@1:a
n5 -> n1 AppendAck term=1 match=2 (after write 3)

deliver to=2
deliver to=1
---
n2 write 3: append 2@1:a
n2 -> n1 AppendAck term=1 match=2 (after write 3)
n1 commits up to 2
n1 -> n2 Commit term=1 commit=2
n1 -> n3 Commit term=1 commit=2
n1 -> n4 Commit term=1 commit=2
n1 -> n5 Commit term=1 commit=2

cluster nodes=3 strong=1
(stand 1)
(deliver)
hold 1
(propose 1 a)
(deliver)
status 1
release 1
---
n1 leader term=1 leader=n1 commit=1 durable=1 log=[1,1]
  n2 pipeline match=2 next=3 inflight=0
  n3 pipeline match=2 next=3 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
n1 commits up to 2
n1 -> n2 Commit term=1 commit=2
n1 -> n3 Commit term=1 commit=2
