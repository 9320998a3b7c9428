# A node that slept through terms learns the present one from a refusal and can then win.

cluster nodes=3
node 1 terms=1 term=1
node 2 terms=1 term=6
node 3 terms=1 term=6
stand 1
deliver
---
n1 is pre-candidate in term 1, leader nobody
n1 -> n2 PreVote term=2 last=1@1
n1 -> n3 PreVote term=2 last=1@1
n2 -> n1 PreVoteReply term=6 granted=false
n3 -> n1 PreVoteReply term=6 granted=false
n1 write 1: term 6 vote nobody
n1 is follower in term 6, leader nobody

stand 1
deliver
status
---
n1 is pre-candidate in term 6, leader nobody
n1 -> n2 PreVote term=7 last=1@1
n1 -> n3 PreVote term=7 last=1@1
n2 -> n1 PreVoteReply term=7 granted=true
n3 -> n1 PreVoteReply term=7 granted=true
n1 write 2: term 7 vote n1
n1 is candidate in term 7, leader nobody
n1 -> n2 Vote term=7 last=1@1 (after write 2)
n1 -> n3 Vote term=7 last=1@1 (after write 2)
n2 write 1: term 7 vote n1
n2 is follower in term 7, leader nobody
n2 -> n1 VoteReply term=7 granted=true (after write 1)
n3 write 1: term 7 vote n1
n3 is follower in term 7, leader nobody
n3 -> n1 VoteReply term=7 granted=true (after write 1)
n1 is leader in term 7, leader n1
n1 write 3: append 2@7:empty
n1 -> n2 Append term=7 prev=1@1 commit=0 2@7:empty
n1 -> n3 Append term=7 prev=1@1 commit=0 2@7:empty
n2 is follower in term 7, leader n1
n2 write 2: append 2@7:empty
n2 -> n1 AppendAck term=7 match=2 (after write 2)
n3 is follower in term 7, leader n1
n3 write 2: append 2@7:empty
n3 -> n1 AppendAck term=7 match=2 (after write 2)
n1 commits up to 2
n1 is ready in term 7 at 2
n1 -> n2 Commit term=7 commit=2
n1 -> n3 Commit term=7 commit=2
n2 commits up to 2
n3 commits up to 2
n1 leader term=7 leader=n1 commit=2 durable=2 log=[1,7]
  n2 pipeline match=2 next=3 inflight=0
  n3 pipeline match=2 next=3 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=7 leader=n1 commit=2 durable=2 log=[1,7]
n3 follower term=7 leader=n1 commit=2 durable=2 log=[1,7]
