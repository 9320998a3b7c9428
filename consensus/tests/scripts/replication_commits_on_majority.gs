# Entries leave before the leader's own disk has them; a majority of disks commits; the commit index follows at once.

cluster nodes=3
(stand 1)
(deliver)
propose 1 a b
---
n1 write 3: append 2@1:a 3@1:b
n1 -> n2 Append term=1 prev=1@1 commit=1 2@1:a 3@1:b
n1 -> n3 Append term=1 prev=1@1 commit=1 2@1:a 3@1:b

deliver
status
---
n2 write 3: append 2@1:a 3@1:b
n2 -> n1 AppendAck term=1 match=3 (after write 3)
n3 write 3: append 2@1:a 3@1:b
n3 -> n1 AppendAck term=1 match=3 (after write 3)
n1 commits up to 3
n1 -> n2 Commit term=1 commit=3
n1 -> n3 Commit term=1 commit=3
n2 commits up to 3
n3 commits up to 3
n1 leader term=1 leader=n1 commit=3 durable=3 log=[1,1,1]
  n2 pipeline match=3 next=4 inflight=0
  n3 pipeline match=3 next=4 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=1 leader=n1 commit=3 durable=3 log=[1,1,1]
n3 follower term=1 leader=n1 commit=3 durable=3 log=[1,1,1]
