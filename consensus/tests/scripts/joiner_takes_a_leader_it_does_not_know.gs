# A node that was told nothing yet takes its leader's word, and votes for whoever asks by the rules; it never stands.

cluster nodes=3
join 4
tick 4 200
vote from=2 to=4 term=3 last=0 last_term=0
heartbeat from=2 to=4 term=3 seq=1 learner=true
append from=2 to=4 term=3 prev=0 prev_term=0 commit=1 a
status 4
members 4
---
n4 write 1: term 3 vote n2
n4 is learner in term 3, leader nobody
n4 -> n2 VoteReply term=3 granted=true (after write 1)
n4 is learner in term 3, leader n2
n4 -> n2 HeartbeatAck term=3 seq=1 commit=0 applied=0
n4 write 2: append 1@3:a
n4 commits up to 1
n4 -> n2 AppendAck term=3 match=1 (after write 2)
n4 learner term=3 leader=n2 commit=1 durable=1 log=[3]
n4 members from 0 (committed): ; all hold 0
