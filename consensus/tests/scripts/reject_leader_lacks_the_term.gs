# The follower's whole last term is unknown to the leader; one refusal passes over it, not one for each entry.

cluster nodes=3
node 1 terms=1.1.1.1.1.1.5 term=5
node 2 terms=1.1.2.2.2.2.2 term=5
node 3 terms=1.1.1.1.1.1.5 term=5
(stand 1)
deliver
status
---
n2 -> n1 PreVoteReply term=6 granted=true
n3 -> n1 PreVoteReply term=6 granted=true
n1 write 1: term 6 vote n1
n1 is candidate in term 6, leader nobody
n1 -> n2 Vote term=6 last=7@5 (after write 1)
n1 -> n3 Vote term=6 last=7@5 (after write 1)
n2 write 1: term 6 vote n1
n2 is follower in term 6, leader nobody
n2 -> n1 VoteReply term=6 granted=true (after write 1)
n3 write 1: term 6 vote n1
n3 is follower in term 6, leader nobody
n3 -> n1 VoteReply term=6 granted=true (after write 1)
n1 is leader in term 6, leader n1
n1 write 2: append 8@6:empty
n1 -> n2 Append term=6 prev=7@5 commit=0 8@6:empty
n1 -> n3 Append term=6 prev=7@5 commit=0 8@6:empty
n2 is follower in term 6, leader n1
n2 -> n1 AppendReject term=6 prev=7 conflict=3@2 last=7
n3 is follower in term 6, leader n1
n3 write 2: append 8@6:empty
n3 -> n1 AppendAck term=6 match=8 (after write 2)
n1 -> n2 Append term=6 prev=2@1 commit=0 3@1:t1 .. 8@6:empty
n1 commits up to 8
n1 is ready in term 6 at 8
n1 -> n3 Commit term=6 commit=8
n2 write 2: truncate from 3
n2 write 3: append 3@1:t1 .. 8@6:empty
n2 -> n1 AppendAck term=6 match=8 (after write 3)
n3 commits up to 8
n1 -> n2 Commit term=6 commit=8
n2 commits up to 8
n1 leader term=6 leader=n1 commit=8 durable=8 log=[1,1,1,1,1,1,5,6]
  n2 pipeline match=8 next=9 inflight=0
  n3 pipeline match=8 next=9 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=6 leader=n1 commit=8 durable=8 log=[1,1,1,1,1,1,5,6]
n3 follower term=6 leader=n1 commit=8 durable=8 log=[1,1,1,1,1,1,5,6]
