# A learner asks the leader like any follower, not its source.

cluster nodes=4 learners=4
(stand 1)
(deliver)
(tick 1 10)
(deliver)
read 4 6
deliver
---
n4 -> n1 ReadIndex term=1 ticket=6
n1 begins round 2 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=2 floor=0
n1 -> n3 Heartbeat term=1 commit=1 seq=2 floor=0
n1 -> n4 Heartbeat term=1 commit=0 seq=2 floor=0 learner
n2 -> n1 HeartbeatAck term=1 seq=2 commit=1 applied=0
n3 -> n1 HeartbeatAck term=1 seq=2 commit=1 applied=0
n4 -> n1 HeartbeatAck term=1 seq=2 commit=0 applied=0
n1 has a lease from round 2
n1 -> n4 ReadIndexReply term=1 ticket=6 index=1
n4 may answer read 6 at 1
