# A follower's ack leaves when its disk has the entries, also when they are sent twice.

cluster nodes=3
(stand 1)
(deliver)
isolate 3
hold 2
propose 1 a
deliver
---
n1 write 3: append 2@1:a
n1 -> n2 Append term=1 prev=1@1 commit=1 2@1:a
n1 -> n3 Append term=1 prev=1@1 commit=1 2@1:a
n2 write 3: append 2@1:a
n2 -> n1 AppendAck term=1 match=2 (after write 3)

# The link breaks and the same entry is sent again: still no ack.
disconnect 1 2
connect 1 2
deliver
status 1
---
n1 -> n2 Append term=1 prev=1@1 commit=1 2@1:a
n2 -> n1 AppendAck term=1 match=2 (after write 3)
n1 leader term=1 leader=n1 commit=1 durable=2 log=[1,1]
  n2 probe match=1 next=2 inflight=0
  n3 pipeline match=1 next=3 inflight=1
  ignored unknown=0 malformed=0 stale=1 impossible=0

sync 2
deliver
---
n2 has write 3 on disk
n1 commits up to 2
n1 -> n2 Commit term=1 commit=2
n2 commits up to 2
