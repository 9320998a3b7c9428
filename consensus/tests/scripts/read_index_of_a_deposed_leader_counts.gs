# An answer of a leader that has been deposed since is good: its round was answered when nobody else led, and after the question arrived.

cluster nodes=3
(stand 1)
(deliver)
read 2 1
read 2 2
deliver to=1
deliver to=3
deliver to=1
# Now n1 hears of a later term: what it has not answered it refuses.
(subscribe from=3 to=1 term=4)
deliver
---
n2 -> n1 ReadIndex term=1 ticket=1
n2 -> n1 ReadIndex term=1 ticket=2
n1 begins round 1 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=1 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=1 floor=1
n3 -> n1 HeartbeatAck term=1 seq=1 commit=1 applied=0
n1 has a lease from round 1
n1 -> n2 ReadIndexReply term=1 ticket=1 index=1
n1 begins round 2 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=2 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=2 floor=1
n2 -> n1 HeartbeatAck term=1 seq=1 commit=1 applied=0
n2 may answer read 1 at 1
n2 -> n1 HeartbeatAck term=1 seq=2 commit=1 applied=0
n3 -> n1 HeartbeatAck term=1 seq=2 commit=1 applied=0
n3 write 3: term 4 vote nobody
n3 is follower in term 4, leader nobody
n2 refuses read 2
n2 write 3: term 4 vote nobody
n2 is follower in term 4, leader nobody
