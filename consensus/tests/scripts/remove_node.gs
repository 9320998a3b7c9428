# A removed voter is neither sent anything nor counted, and what it says is not heard.

cluster nodes=3
(stand 1)
(deliver)
change 1 remove 3
deliver
status
---
n1 write 3: append 2@1:members
n1 members from 2: n1 n2 without n3
n1 -> n2 Append term=1 prev=1@1 commit=1 2@1:members
n2 write 3: append 2@1:members
n2 members from 2: n1 n2 without n3
n2 -> n1 AppendAck term=1 match=2 (after write 3)
n1 commits up to 2
n1 -> n2 Commit term=1 commit=2
n2 commits up to 2
n1 leader term=1 leader=n1 commit=2 durable=2 log=[1,1]
  n2 pipeline match=2 next=3 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=1 leader=n1 commit=2 durable=2 log=[1,1]
n3 follower term=1 leader=n1 commit=1 durable=1 log=[1]

# The two that are left are a majority of two, and n3 is not needed.
isolate 3
propose 1 a
deliver
---
n1 write 4: append 3@1:a
n1 -> n2 Append term=1 prev=2@1 commit=2 3@1:a
n2 write 4: append 3@1:a
n2 -> n1 AppendAck term=1 match=3 (after write 4)
n1 commits up to 3
n1 -> n2 Commit term=1 commit=3
n2 commits up to 3

heal
ack from=3 to=1 term=1 match=3
vote from=3 to=2 term=9 last=9 last_term=8
status 2
---
n2 follower term=1 leader=n1 commit=3 durable=3 log=[1,1,1]
  ignored unknown=0 malformed=0 stale=0 impossible=0 removed=1
