# A new leader that has not yet found where a follower agrees goes on from where the search stood when the link breaks.

cluster nodes=3
node 1 terms=1.1.1.4.4.4 term=4
node 2 terms=1.1.1.4.4.4 term=4
node 3 terms=1.1.1.2.2.2 term=4
(stand 1)
(deliver from=1 to=2)
(deliver from=2 to=1)
(deliver from=1 to=2)
(deliver from=2 to=1)
drop to=3
disconnect 1 3
connect 1 3
---
dropped 3
n1 -> n3 Append term=5 prev=6@4 commit=0 7@5:empty

deliver
status
---
n2 is follower in term 5, leader n1
n2 write 2: append 7@5:empty
n2 -> n1 AppendAck term=5 match=7 (after write 2)
n3 write 1: term 5 vote nobody
n3 is follower in term 5, leader n1
n3 -> n1 AppendReject term=5 prev=6 conflict=4@2 last=6 (after write 1)
n1 commits up to 7
n1 is ready in term 5 at 7
n1 -> n2 Commit term=5 commit=7
n1 -> n3 Append term=5 prev=3@1 commit=7 4@4:t4 5@4:t4 6@4:t4 7@5:empty
n2 commits up to 7
n3 write 2: truncate from 4
n3 write 3: append 4@4:t4 5@4:t4 6@4:t4 7@5:empty
n3 commits up to 7
n3 -> n1 AppendAck term=5 match=7 (after write 3)
n1 leader term=5 leader=n1 commit=7 durable=7 log=[1,1,1,4,4,4,5]
  n2 pipeline match=7 next=8 inflight=0
  n3 pipeline match=7 next=8 inflight=0
n2 follower term=5 leader=n1 commit=7 durable=7 log=[1,1,1,4,4,4,5]
n3 follower term=5 leader=n1 commit=7 durable=7 log=[1,1,1,4,4,4,5]
