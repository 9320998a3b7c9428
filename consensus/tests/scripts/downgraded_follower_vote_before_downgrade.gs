# A voter that was demoted and does not know it is counted by nobody who knows; its own requests find nobody with a shorter log.

cluster nodes=3
(stand 1)
(deliver)
cut 1 3
change 1 demote 3
(deliver)
isolate 1
heal
(cut 1 2)
(cut 1 3)
members 3
(tick 2 60)
(stand 3)
deliver
status
---
n1 write 3: append 2@1:members
n1 members from 2: n1 n2 n3:learner
n1 -> n2 Append term=1 prev=1@1 commit=1 2@1:members
n3 members from 0 (committed): n1 n2 n3; all hold 0
n2 -> n3 PreVoteReply term=1 granted=false
n1 leader term=1 leader=n1 commit=2 durable=2 log=[1,1]
  n2 pipeline match=2 next=3 inflight=0
  n3 learner holds=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=1 leader=n1 commit=2 durable=2 log=[1,1]
n3 pre-candidate term=1 leader=nobody commit=1 durable=1 log=[1]

# n1 and n2 are the voters now: n3's vote makes nobody a leader.
(drop)
(tick 3 60)
(stand 2)
deliver
status 2
---
n2 -> n3 PreVoteReply term=1 granted=false
n2 pre-candidate term=1 leader=nobody commit=2 durable=2 log=[1,1]
