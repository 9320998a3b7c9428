# A voter that starts again may have answered a heartbeat just before: it votes for nobody for an election timeout.

cluster nodes=3
(stand 1)
(deliver)
(tick 1 10)
(deliver)
crash 3
restart 3
tick 2 70
vote from=2 to=3 term=2 last=1 last_term=1
tick 3 59
vote from=2 to=3 term=2 last=1 last_term=1
status 3
---
n3 -> n2 VoteReply term=1 granted=false
n3 -> n2 VoteReply term=1 granted=false
n3 follower term=1 leader=nobody commit=0 durable=1 log=[1]

tick 3
vote from=2 to=3 term=2 last=1 last_term=1
---
n3 write 1: term 2 vote n2
n3 is follower in term 2, leader nobody
n3 -> n2 VoteReply term=2 granted=true (after write 1)
