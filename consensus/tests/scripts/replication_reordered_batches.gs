# A batch that overtakes another is refused with the place where the follower stands, and both arrive in the end.

cluster nodes=3
(stand 1)
(deliver)
isolate 3
propose 1 a
drop from=1 to=2
propose 1 b
deliver
status
---
n1 write 3: append 2@1:a
n1 -> n2 Append term=1 prev=1@1 commit=1 2@1:a
n1 -> n3 Append term=1 prev=1@1 commit=1 2@1:a
dropped 1
n1 write 4: append 3@1:b
n1 -> n2 Append term=1 prev=2@1 commit=1 3@1:b
n1 -> n3 Append term=1 prev=2@1 commit=1 3@1:b
n2 -> n1 AppendReject term=1 prev=2 conflict=1@1 last=1
n1 -> n2 Append term=1 prev=1@1 commit=1 2@1:a 3@1:b
n2 write 3: append 2@1:a 3@1:b
n2 -> n1 AppendAck term=1 match=3 (after write 3)
n1 commits up to 3
n1 -> n2 Commit term=1 commit=3
n2 commits up to 3
n1 leader term=1 leader=n1 commit=3 durable=3 log=[1,1,1]
  n2 pipeline match=3 next=4 inflight=0
  n3 pipeline match=1 next=4 inflight=2
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=1 leader=n1 commit=3 durable=3 log=[1,1,1]
n3 follower term=1 leader=n1 commit=1 durable=1 log=[1]
