# Two candidates share the votes of four; nobody wins the term, and the next term decides.

cluster nodes=4
(stand 1)
(stand 2)
(deliver from=1 to=3)
(deliver from=1 to=4)
(deliver from=2 to=3)
(deliver from=2 to=4)
(deliver from=3 to=1)
(deliver from=4 to=2)
(deliver from=4 to=1)
(deliver from=3 to=2)
---
ok

deliver from=1 to=3
deliver from=2 to=4
deliver
status
---
n3 write 1: term 1 vote n1
n3 is follower in term 1, leader nobody
n3 -> n1 VoteReply term=1 granted=true (after write 1)
n4 write 1: term 1 vote n2
n4 is follower in term 1, leader nobody
n4 -> n2 VoteReply term=1 granted=true (after write 1)
n2 -> n1 PreVoteReply term=1 granted=false
n1 -> n2 PreVoteReply term=1 granted=false
n2 -> n1 VoteReply term=1 granted=false
n4 -> n1 VoteReply term=1 granted=false
n1 -> n2 VoteReply term=1 granted=false
n3 -> n2 VoteReply term=1 granted=false
n1 candidate term=1 leader=nobody commit=0 durable=0 log=[]
n2 candidate term=1 leader=nobody commit=0 durable=0 log=[]
n3 follower term=1 leader=nobody commit=0 durable=0 log=[]
n4 follower term=1 leader=nobody commit=0 durable=0 log=[]

# n1 tries again, and this time it is alone.
stand 1
deliver
status
---
n1 is pre-candidate in term 1, leader nobody
n1 -> n2 PreVote term=2 last=0@0
n1 -> n3 PreVote term=2 last=0@0
n1 -> n4 PreVote term=2 last=0@0
n2 -> n1 PreVoteReply term=2 granted=true
n3 -> n1 PreVoteReply term=2 granted=true
n4 -> n1 PreVoteReply term=2 granted=true
n1 write 2: term 2 vote n1
n1 is candidate in term 2, leader nobody
n1 -> n2 Vote term=2 last=0@0 (after write 2)
n1 -> n3 Vote term=2 last=0@0 (after write 2)
n1 -> n4 Vote term=2 last=0@0 (after write 2)
n2 write 2: term 2 vote n1
n2 is follower in term 2, leader nobody
n2 -> n1 VoteReply term=2 granted=true (after write 2)
n3 write 2: term 2 vote n1
n3 is follower in term 2, leader nobody
n3 -> n1 VoteReply term=2 granted=true (after write 2)
n4 write 2: term 2 vote n1
n4 is follower in term 2, leader nobody
n4 -> n1 VoteReply term=2 granted=true (after write 2)
n1 is leader in term 2, leader n1
n1 write 3: append 1@2:empty
n1 -> n2 Append term=2 prev=0@0 commit=0 1@2:empty
n1 -> n3 Append term=2 prev=0@0 commit=0 1@2:empty
n1 -> n4 Append term=2 prev=0@0 commit=0 1@2:empty
n2 is follower in term 2, leader n1
n2 write 3: append 1@2:empty
n2 -> n1 AppendAck term=2 match=1 (after write 3)
n3 is follower in term 2, leader n1
n3 write 3: append 1@2:empty
n3 -> n1 AppendAck term=2 match=1 (after write 3)
n4 is follower in term 2, leader n1
n4 write 3: append 1@2:empty
n4 -> n1 AppendAck term=2 match=1 (after write 3)
n1 commits up to 1
n1 is ready in term 2 at 1
n1 -> n2 Commit term=2 commit=1
n1 -> n3 Commit term=2 commit=1
n1 -> n4 Commit term=2 commit=1
n2 commits up to 1
n3 commits up to 1
n4 commits up to 1
n1 leader term=2 leader=n1 commit=1 durable=1 log=[2]
  n2 pipeline match=1 next=2 inflight=0
  n3 pipeline match=1 next=2 inflight=0
  n4 pipeline match=1 next=2 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=2 leader=n1 commit=1 durable=1 log=[2]
n3 follower term=2 leader=n1 commit=1 durable=1 log=[2]
n4 follower term=2 leader=n1 commit=1 durable=1 log=[2]
