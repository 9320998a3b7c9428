# A new leader does not commit what an earlier term left on a majority before an entry of its own is there too; then it commits both.

cluster nodes=3 batch=1
node 1 terms=1.1 term=1
node 2 terms=1 term=1
node 3 terms=1 term=1
(stand 1)
(deliver to=2)
(deliver to=3)
(deliver to=1)
(deliver to=2)
(deliver to=3)
(deliver to=1)
# n1 leads, and brings n2 the old entry alone.
(deliver to=2)
(deliver to=1)
(deliver to=2 count=1)
deliver to=1 count=1
status
---
n1 -> n2 Append term=2 prev=2@1 commit=0 3@2:empty
n1 leader term=2 leader=n1 commit=0 durable=3 log=[1,1,2]
  n2 pipeline match=2 next=4 inflight=1
  n3 probe match=0 next=3 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=2 leader=n1 commit=0 durable=2 log=[1,1]
n3 follower term=2 leader=nobody commit=0 durable=1 log=[1]

deliver
---
n3 is follower in term 2, leader n1
n3 -> n1 AppendReject term=2 prev=2 conflict=1@1 last=1
n2 write 3: append 3@2:empty
n2 -> n1 AppendAck term=2 match=3 (after write 3)
n1 -> n3 Append term=2 prev=1@1 commit=0 2@1:t1
n1 commits up to 3
n1 is ready in term 2 at 3
n1 -> n2 Commit term=2 commit=3
n3 write 2: append 2@1:t1
n3 -> n1 AppendAck term=2 match=2 (after write 2)
n2 commits up to 3
n1 -> n3 Append term=2 prev=2@1 commit=3 3@2:empty
n3 write 3: append 3@2:empty
n3 commits up to 3
n3 -> n1 AppendAck term=2 match=3 (after write 3)
