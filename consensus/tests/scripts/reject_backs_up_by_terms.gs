# A refusal names the follower's term and where it begins: each one passes over a whole term, not an entry.

cluster nodes=3
node 1 terms=1.1.1.4.4.5.5.6.6.6 term=6
node 2 terms=1.1.1.2.2.2.3.3.3.3.3.3 term=3
node 3 terms=1.1.1.4.4.5.5.6.6.6 term=6
(stand 1)
(deliver from=1 to=3)
(deliver from=3 to=1)
(deliver from=1 to=3)
(deliver from=3 to=1)
status 1
---
n1 leader term=7 leader=n1 commit=0 durable=11 log=[1,1,1,4,4,5,5,6,6,6,7]
  n2 probe match=0 next=11 inflight=0
  n3 probe match=0 next=11 inflight=0

deliver
status
---
n2 -> n1 PreVoteReply term=7 granted=true
n2 write 1: term 7 vote n1
n2 is follower in term 7, leader nobody
n2 -> n1 VoteReply term=7 granted=true (after write 1)
n2 is follower in term 7, leader n1
n2 -> n1 AppendReject term=7 prev=10 conflict=7@3 last=12
n3 is follower in term 7, leader n1
n3 write 2: append 11@7:empty
n3 -> n1 AppendAck term=7 match=11 (after write 2)
n1 -> n2 Append term=7 prev=3@1 commit=0 4@4:t4 .. 11@7:empty
n1 commits up to 11
n1 is ready in term 7 at 11
n1 -> n3 Commit term=7 commit=11
n2 write 2: truncate from 4
n2 write 3: append 4@4:t4 .. 11@7:empty
n2 -> n1 AppendAck term=7 match=11 (after write 3)
n3 commits up to 11
n1 -> n2 Commit term=7 commit=11
n2 commits up to 11
n1 leader term=7 leader=n1 commit=11 durable=11 log=[1,1,1,4,4,5,5,6,6,6,7]
  n2 pipeline match=11 next=12 inflight=0
  n3 pipeline match=11 next=12 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=7 leader=n1 commit=11 durable=11 log=[1,1,1,4,4,5,5,6,6,6,7]
n3 follower term=7 leader=n1 commit=11 durable=11 log=[1,1,1,4,4,5,5,6,6,6,7]
