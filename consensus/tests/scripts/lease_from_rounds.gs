# A round that a majority has answered in the leader's term brings a lease; a leader that steps down has none.

cluster nodes=5
(stand 1)
(deliver)
tick 1 10
deliver to=2
deliver to=1
---
n1 begins round 1 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=1 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=1 floor=1
n1 -> n4 Heartbeat term=1 commit=1 seq=1 floor=1
n1 -> n5 Heartbeat term=1 commit=1 seq=1 floor=1
n2 -> n1 HeartbeatAck term=1 seq=1 commit=1 applied=0

deliver to=3
deliver to=1
---
n3 -> n1 HeartbeatAck term=1 seq=1 commit=1 applied=0
n1 has a lease from round 1

# Late answers to an old round bring nothing new, and those of learners nothing at all.
deliver
tick 1 10
drop
tick 1 10
deliver
---
n4 -> n1 HeartbeatAck term=1 seq=1 commit=1 applied=0
n5 -> n1 HeartbeatAck term=1 seq=1 commit=1 applied=0
n1 begins round 2 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=2 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=2 floor=1
n1 -> n4 Heartbeat term=1 commit=1 seq=2 floor=1
n1 -> n5 Heartbeat term=1 commit=1 seq=2 floor=1
dropped 4
n1 begins round 3 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=3 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=3 floor=1
n1 -> n4 Heartbeat term=1 commit=1 seq=3 floor=1
n1 -> n5 Heartbeat term=1 commit=1 seq=3 floor=1
n2 -> n1 HeartbeatAck term=1 seq=3 commit=1 applied=0
n3 -> n1 HeartbeatAck term=1 seq=3 commit=1 applied=0
n4 -> n1 HeartbeatAck term=1 seq=3 commit=1 applied=0
n5 -> n1 HeartbeatAck term=1 seq=3 commit=1 applied=0
n1 has a lease from round 3

cluster nodes=4 learners=3.4
(stand 1)
(deliver)
isolate 2
tick 1 10
deliver
---
n1 begins round 1 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=1 floor=0
n1 -> n3 Heartbeat term=1 commit=0 seq=1 floor=0 learner
n1 -> n4 Heartbeat term=1 commit=0 seq=1 floor=0 learner
n3 write 1: term 1 vote nobody
n3 is learner in term 1, leader n1
n3 -> n1 HeartbeatAck term=1 seq=1 commit=0 applied=0 (after write 1)
n4 write 1: term 1 vote nobody
n4 is learner in term 1, leader n1
n4 -> n1 HeartbeatAck term=1 seq=1 commit=0 applied=0 (after write 1)
