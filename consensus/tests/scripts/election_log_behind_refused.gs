# A node whose log lacks entries that a majority has cannot win: by term first, then by length.

cluster nodes=3
node 1 terms=1.1.1 term=2
node 2 terms=1.2 term=2
node 3 terms=1.2.2 term=2
stand 1
deliver
---
n1 is pre-candidate in term 2, leader nobody
n1 -> n2 PreVote term=3 last=3@1
n1 -> n3 PreVote term=3 last=3@1
n2 -> n1 PreVoteReply term=2 granted=false
n3 -> n1 PreVoteReply term=2 granted=false

stand 2
deliver from=2 to=3
deliver from=3 to=2
---
n2 is pre-candidate in term 2, leader nobody
n2 -> n1 PreVote term=3 last=2@2
n2 -> n3 PreVote term=3 last=2@2
n3 -> n2 PreVoteReply term=2 granted=false

(drop)
stand 3
deliver
status
---
n3 is pre-candidate in term 2, leader nobody
n3 -> n1 PreVote term=3 last=3@2
n3 -> n2 PreVote term=3 last=3@2
n1 -> n3 PreVoteReply term=3 granted=true
n2 -> n3 PreVoteReply term=3 granted=true
n3 write 1: term 3 vote n3
n3 is candidate in term 3, leader nobody
n3 -> n1 Vote term=3 last=3@2 (after write 1)
n3 -> n2 Vote term=3 last=3@2 (after write 1)
n1 write 1: term 3 vote n3
n1 is follower in term 3, leader nobody
n1 -> n3 VoteReply term=3 granted=true (after write 1)
n2 write 1: term 3 vote n3
n2 is follower in term 3, leader nobody
n2 -> n3 VoteReply term=3 granted=true (after write 1)
n3 is leader in term 3, leader n3
n3 write 2: append 4@3:empty
n3 -> n1 Append term=3 prev=3@2 commit=0 4@3:empty
n3 -> n2 Append term=3 prev=3@2 commit=0 4@3:empty
n1 is follower in term 3, leader n3
n1 -> n3 AppendReject term=3 prev=3 conflict=1@1 last=3
n2 is follower in term 3, leader n3
n2 -> n3 AppendReject term=3 prev=3 conflict=2@2 last=2
n3 -> n1 Append term=3 prev=1@1 commit=0 2@2:t2 3@2:t2 4@3:empty
n3 -> n2 Append term=3 prev=2@2 commit=0 3@2:t2 4@3:empty
n1 write 2: truncate from 2
n1 write 3: append 2@2:t2 3@2:t2 4@3:empty
n1 -> n3 AppendAck term=3 match=4 (after write 3)
n2 write 2: append 3@2:t2 4@3:empty
n2 -> n3 AppendAck term=3 match=4 (after write 2)
n3 commits up to 4
n3 is ready in term 3 at 4
n3 -> n1 Commit term=3 commit=4
n3 -> n2 Commit term=3 commit=4
n1 commits up to 4
n2 commits up to 4
n1 follower term=3 leader=n3 commit=4 durable=4 log=[1,2,2,3]
n2 follower term=3 leader=n3 commit=4 durable=4 log=[1,2,2,3]
n3 leader term=3 leader=n3 commit=4 durable=4 log=[1,2,2,3]
  n1 pipeline match=4 next=5 inflight=0
  n2 pipeline match=4 next=5 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0

# Nor when it stands without having asked, in a term of its own; the term is taken note of.
(tick 2 60)
vote from=1 to=2 term=9 last=9 last_term=2
vote from=1 to=2 term=10 last=3 last_term=3
---
n2 write 3: term 9 vote nobody
n2 is follower in term 9, leader nobody
n2 -> n1 VoteReply term=9 granted=false (after write 3)
n2 write 4: term 10 vote nobody
n2 is follower in term 10, leader nobody
n2 -> n1 VoteReply term=10 granted=false (after write 4)
