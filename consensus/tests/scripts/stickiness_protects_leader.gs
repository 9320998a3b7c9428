# A vote request of a higher term is refused without moving the term within the election timeout of hearing a leader.

cluster nodes=3
(stand 1)
(deliver)
node 3 terms=1 term=8
stand 3
deliver
status
---
n3 is pre-candidate in term 8, leader nobody
n3 -> n1 PreVote term=9 last=1@1
n3 -> n2 PreVote term=9 last=1@1
n1 -> n3 PreVoteReply term=1 granted=false
n2 -> n3 PreVoteReply term=1 granted=false
n1 leader term=1 leader=n1 commit=1 durable=1 log=[1]
  n2 pipeline match=1 next=2 inflight=0
  n3 pipeline match=1 next=2 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=1 leader=n1 commit=1 durable=1 log=[1]
n3 pre-candidate term=8 leader=nobody commit=0 durable=1 log=[1]
  ignored unknown=0 malformed=0 stale=2 impossible=0

# Even a real request, from a node that did not ask first.
vote from=3 to=1 term=9 last=5 last_term=8
vote from=3 to=2 term=9 last=5 last_term=8
tick 2 60
vote from=3 to=2 term=9 last=5 last_term=8
---
n1 -> n3 VoteReply term=1 granted=false
n2 -> n3 VoteReply term=1 granted=false
n2 write 3: term 9 vote n3
n2 is follower in term 9, leader nobody
n2 -> n3 VoteReply term=9 granted=true (after write 3)
