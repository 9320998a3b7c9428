# A voter that learned of a higher term from an answer still keeps to the leader it heard just before.

cluster nodes=3
(stand 1)
(deliver)
(tick 1 10)
(deliver)
# The answer to a question that n2 once asked tells it of term 5, in which it has voted for nobody.
subscribe from=3 to=2 term=5
vote from=3 to=2 term=5 last=9 last_term=4
---
n2 write 3: term 5 vote nobody
n2 is follower in term 5, leader nobody
n2 -> n3 Feed term=5 prev=0@0 commit=1 1@1:empty
n2 -> n3 VoteReply term=5 granted=false

tick 2 60
vote from=3 to=2 term=5 last=9 last_term=4
---
n2 write 4: term 5 vote n3
n2 -> n3 VoteReply term=5 granted=true (after write 4)

# Unless a leader itself wanted the vote.
subscribe from=3 to=1 term=5
status 1
---
n1 write 3: term 5 vote nobody
n1 is follower in term 5, leader nobody
n1 -> n3 Feed term=5 prev=0@0 commit=1 1@1:empty
n1 follower term=5 leader=nobody commit=1 durable=1 log=[1]
  feeds n3 match=0 next=2
  ignored unknown=0 malformed=0 stale=1 impossible=0
