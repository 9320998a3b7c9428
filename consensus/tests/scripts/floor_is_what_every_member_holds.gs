# The floor is what all members, learners too, are known to hold; it goes with the heartbeats and never goes down.

cluster nodes=4 learners=4
(stand 1)
(deliver)
(propose 1 a b)
(deliver)
(tick 1 10)
(deliver)
(tick 1 10)
deliver
members 1
---
n2 -> n1 HeartbeatAck term=1 seq=2 commit=3 applied=0
n3 -> n1 HeartbeatAck term=1 seq=2 commit=3 applied=0
n4 -> n1 HeartbeatAck term=1 seq=2 commit=0 applied=0
n1 has a lease from round 2
n1 members from 0 (committed): n1 n2 n3 n4:learner; all hold 0

(tick 4)
(deliver)
(tick 1 10)
(deliver)
(tick 1 10)
deliver
members 2
---
n2 -> n1 HeartbeatAck term=1 seq=4 commit=3 applied=0
n3 -> n1 HeartbeatAck term=1 seq=4 commit=3 applied=0
n4 -> n1 HeartbeatAck term=1 seq=4 commit=3 applied=0
n1 has a lease from round 4
n2 members from 0 (committed): n1 n2 n3 n4:learner; all hold 3

# A new leader knows less, and says no less.
isolate 1
(tick 3 60)
(stand 2)
(deliver)
tick 2 10
members 2
---
n2 begins round 1 of term 2
n2 -> n1 Heartbeat term=2 commit=0 seq=1 floor=3
n2 -> n3 Heartbeat term=2 commit=4 seq=1 floor=3
n2 -> n4 Heartbeat term=2 commit=0 seq=1 floor=3 learner
n2 members from 0 (committed): n1 n2 n3 n4:learner; all hold 3
