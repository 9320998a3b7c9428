# A heavier voter that is down costs the others only the wait: they elect one of them.

cluster nodes=4 weights=5.9.5.5
(stand 1)
(deliver)
crash 1
crash 2
tick 3 140
tick 4 60
deliver
---
n3 is pre-candidate in term 1, leader nobody
n3 -> n1 PreVote term=2 last=1@1
n3 -> n2 PreVote term=2 last=1@1
n3 -> n4 PreVote term=2 last=1@1
n4 -> n3 PreVoteReply term=2 granted=true

# Three of four are needed, and only two are up.
restart 2
(tick 2 60)
tick 3 120
deliver
---
n3 -> n1 PreVote term=2 last=1@1
n3 -> n2 PreVote term=2 last=1@1
n3 -> n4 PreVote term=2 last=1@1
n2 -> n3 PreVoteReply term=2 granted=true
n4 -> n3 PreVoteReply term=2 granted=true
n3 write 3: term 2 vote n3
n3 is candidate in term 2, leader nobody
n3 -> n1 Vote term=2 last=1@1 (after write 3)
n3 -> n2 Vote term=2 last=1@1 (after write 3)
n3 -> n4 Vote term=2 last=1@1 (after write 3)
n2 write 1: term 2 vote n3
n2 is follower in term 2, leader nobody
n2 -> n3 VoteReply term=2 granted=true (after write 1)
n4 write 3: term 2 vote n3
n4 is follower in term 2, leader nobody
n4 -> n3 VoteReply term=2 granted=true (after write 3)
n3 is leader in term 2, leader n3
n3 write 4: append 2@2:empty
n3 -> n1 Append term=2 prev=1@1 commit=1 2@2:empty
n3 -> n2 Append term=2 prev=1@1 commit=1 2@2:empty
n3 -> n4 Append term=2 prev=1@1 commit=1 2@2:empty
n2 is follower in term 2, leader n3
n2 write 2: append 2@2:empty
n2 commits up to 1
n2 -> n3 AppendAck term=2 match=2 (after write 2)
n4 is follower in term 2, leader n3
n4 write 4: append 2@2:empty
n4 -> n3 AppendAck term=2 match=2 (after write 4)
n3 commits up to 2
n3 is ready in term 2 at 2
n3 -> n2 Commit term=2 commit=2
n3 -> n4 Commit term=2 commit=2
n2 commits up to 2
n4 commits up to 2
