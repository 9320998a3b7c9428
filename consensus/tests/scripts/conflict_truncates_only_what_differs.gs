# A follower drops its entries from the first that differs, and keeps those that agree.

cluster nodes=3
node 1 terms=1.1.2.4 term=4
node 2 terms=1.1.2.3.3 term=4
node 3 terms=1.1.2.4 term=4
(stand 1)
deliver
status
---
n2 -> n1 PreVoteReply term=5 granted=true
n3 -> n1 PreVoteReply term=5 granted=true
n1 write 1: term 5 vote n1
n1 is candidate in term 5, leader nobody
n1 -> n2 Vote term=5 last=4@4 (after write 1)
n1 -> n3 Vote term=5 last=4@4 (after write 1)
n2 write 1: term 5 vote n1
n2 is follower in term 5, leader nobody
n2 -> n1 VoteReply term=5 granted=true (after write 1)
n3 write 1: term 5 vote n1
n3 is follower in term 5, leader nobody
n3 -> n1 VoteReply term=5 granted=true (after write 1)
n1 is leader in term 5, leader n1
n1 write 2: append 5@5:empty
n1 -> n2 Append term=5 prev=4@4 commit=0 5@5:empty
n1 -> n3 Append term=5 prev=4@4 commit=0 5@5:empty
n2 is follower in term 5, leader n1
n2 -> n1 AppendReject term=5 prev=4 conflict=4@3 last=5
n3 is follower in term 5, leader n1
n3 write 2: append 5@5:empty
n3 -> n1 AppendAck term=5 match=5 (after write 2)
n1 -> n2 Append term=5 prev=3@2 commit=0 4@4:t4 5@5:empty
n1 commits up to 5
n1 is ready in term 5 at 5
n1 -> n3 Commit term=5 commit=5
n2 write 2: truncate from 4
n2 write 3: append 4@4:t4 5@5:empty
n2 -> n1 AppendAck term=5 match=5 (after write 3)
n3 commits up to 5
n1 -> n2 Commit term=5 commit=5
n2 commits up to 5
n1 leader term=5 leader=n1 commit=5 durable=5 log=[1,1,2,4,5]
  n2 pipeline match=5 next=6 inflight=0
  n3 pipeline match=5 next=6 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=5 leader=n1 commit=5 durable=5 log=[1,1,2,4,5]
n3 follower term=5 leader=n1 commit=5 durable=5 log=[1,1,2,4,5]
