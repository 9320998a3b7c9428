# A learner that was promoted and does not know it yet gives the vote without which nobody could be elected.

cluster nodes=3 learners=3
(stand 1)
(deliver)
(tick 1 10)
(deliver)
(change 1 promote 3)
# n2 has the entry, n3 does not, and n1 is lost.
deliver to=2
isolate 1
(drop)
members 3
(tick 3 60)
(stand 2)
deliver
status
---
n2 write 3: append 2@1:members
n2 members from 2: n1 n2 n3
n2 -> n1 AppendAck term=1 match=2 (after write 3)
n3 members from 0 (committed): n1 n2 n3:learner; all hold 0
n3 -> n2 PreVoteReply term=2 granted=true
n2 write 4: term 2 vote n2
n2 is candidate in term 2, leader nobody
n2 -> n1 Vote term=2 last=2@1 (after write 4)
n2 -> n3 Vote term=2 last=2@1 (after write 4)
n3 write 2: term 2 vote n2
n3 is learner in term 2, leader nobody
n3 -> n2 VoteReply term=2 granted=true (after write 2)
n2 is leader in term 2, leader n2
n2 write 5: append 3@2:empty
n2 -> n1 Append term=2 prev=2@1 commit=1 3@2:empty
n2 -> n3 Append term=2 prev=2@1 commit=1 3@2:empty
n3 is learner in term 2, leader n2
n3 -> n2 AppendReject term=2 prev=2 conflict=0@0 last=0
n2 -> n3 Append term=2 prev=0@0 commit=1 1@1:empty 2@1:members 3@2:empty
n3 write 3: append 1@1:empty 2@1:members 3@2:empty
n3 members from 2: n1 n2 n3
n3 is follower in term 2, leader n2
n3 commits up to 1
n3 -> n2 AppendAck term=2 match=3 (after write 3)
n2 commits up to 3
n2 is ready in term 2 at 3
n2 -> n3 Commit term=2 commit=3
n3 commits up to 3
n1 leader term=1 leader=n1 commit=1 durable=2 log=[1,1]
  n2 pipeline match=1 next=3 inflight=1
  n3 probe match=0 next=3 inflight=0
n2 leader term=2 leader=n2 commit=3 durable=3 log=[1,1,2]
  n1 probe match=0 next=3 inflight=0
  n3 pipeline match=3 next=4 inflight=0
n3 follower term=2 leader=n2 commit=3 durable=3 log=[1,1,2]
