# A removed voter that does not know it asks for votes in vain: those that know do not hear it, those that do not keep to their leader.

cluster nodes=4
(stand 1)
(deliver)
(tick 1 10)
(deliver)
cut 1 4
change 1 remove 4
cut 1 3
(deliver)
heal
members 3
stand 4
deliver
status
---
n1 write 3: append 2@1:members
n1 members from 2: n1 n2 n3 without n4
n1 -> n2 Append term=1 prev=1@1 commit=1 2@1:members
n1 -> n3 Append term=1 prev=1@1 commit=1 2@1:members
n3 members from 0 (committed): n1 n2 n3 n4; all hold 1
n4 is pre-candidate in term 1, leader nobody
n4 -> n1 PreVote term=2 last=1@1
n4 -> n2 PreVote term=2 last=1@1
n4 -> n3 PreVote term=2 last=1@1
n3 -> n4 PreVoteReply term=1 granted=false
n1 leader term=1 leader=n1 commit=2 durable=2 log=[1,1]
  n2 pipeline match=2 next=3 inflight=0
  n3 pipeline match=1 next=3 inflight=1
  ignored unknown=0 malformed=0 stale=1 impossible=0 removed=1
n2 follower term=1 leader=n1 commit=2 durable=2 log=[1,1]
  ignored unknown=0 malformed=0 stale=0 impossible=0 removed=1
n3 follower term=1 leader=n1 commit=1 durable=1 log=[1]
n4 pre-candidate term=1 leader=nobody commit=1 durable=1 log=[1]
