# Under load the commit index rides on the next batch: no message of its own while an ack is still expected.

cluster nodes=3
(stand 1)
(deliver)
isolate 3
propose 1 a
propose 1 b
deliver to=2
---
n1 write 3: append 2@1:a
n1 -> n2 Append term=1 prev=1@1 commit=1 2@1:a
n1 -> n3 Append term=1 prev=1@1 commit=1 2@1:a
n1 write 4: append 3@1:b
n1 -> n2 Append term=1 prev=2@1 commit=1 3@1:b
n1 -> n3 Append term=1 prev=2@1 commit=1 3@1:b
n2 write 3: append 2@1:a
n2 -> n1 AppendAck term=1 match=2 (after write 3)
n2 write 4: append 3@1:b
n2 -> n1 AppendAck term=1 match=3 (after write 4)

# The first ack commits, and nothing is sent: the second batch is still on the way.
deliver from=2 to=1 count=1
---
n1 commits up to 2

deliver from=2 to=1 count=1
---
n1 commits up to 3
n1 -> n2 Commit term=1 commit=3

deliver
status
---
n2 commits up to 3
n1 leader term=1 leader=n1 commit=3 durable=3 log=[1,1,1]
  n2 pipeline match=3 next=4 inflight=0
  n3 pipeline match=1 next=4 inflight=2
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=1 leader=n1 commit=3 durable=3 log=[1,1,1]
n3 follower term=1 leader=n1 commit=1 durable=1 log=[1]
