# A follower with entries of an earlier term that the leader lacks gives them up when the leader has others.

cluster nodes=3
node 1 terms=1.2 term=2
node 2 terms=1.2 term=2
node 3 terms=1.1.1.1 term=2
(stand 1)
deliver
status
---
n2 -> n1 PreVoteReply term=3 granted=true
n3 -> n1 PreVoteReply term=3 granted=true
n1 write 1: term 3 vote n1
n1 is candidate in term 3, leader nobody
n1 -> n2 Vote term=3 last=2@2 (after write 1)
n1 -> n3 Vote term=3 last=2@2 (after write 1)
n2 write 1: term 3 vote n1
n2 is follower in term 3, leader nobody
n2 -> n1 VoteReply term=3 granted=true (after write 1)
n3 write 1: term 3 vote n1
n3 is follower in term 3, leader nobody
n3 -> n1 VoteReply term=3 granted=true (after write 1)
n1 is leader in term 3, leader n1
n1 write 2: append 3@3:empty
n1 -> n2 Append term=3 prev=2@2 commit=0 3@3:empty
n1 -> n3 Append term=3 prev=2@2 commit=0 3@3:empty
n2 is follower in term 3, leader n1
n2 write 2: append 3@3:empty
n2 -> n1 AppendAck term=3 match=3 (after write 2)
n3 is follower in term 3, leader n1
n3 -> n1 AppendReject term=3 prev=2 conflict=1@1 last=4
n1 commits up to 3
n1 is ready in term 3 at 3
n1 -> n2 Commit term=3 commit=3
n1 -> n3 Append term=3 prev=1@1 commit=3 2@2:t2 3@3:empty
n2 commits up to 3
n3 write 2: truncate from 2
n3 write 3: append 2@2:t2 3@3:empty
n3 commits up to 3
n3 -> n1 AppendAck term=3 match=3 (after write 3)
n1 leader term=3 leader=n1 commit=3 durable=3 log=[1,2,3]
  n2 pipeline match=3 next=4 inflight=0
  n3 pipeline match=3 next=4 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=3 leader=n1 commit=3 durable=3 log=[1,2,3]
n3 follower term=3 leader=n1 commit=3 durable=3 log=[1,2,3]
