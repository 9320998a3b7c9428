# A leader that is cut off answers no read, and refuses those it has when it steps down; a new leader does not answer for it.

cluster nodes=3
(stand 1)
(deliver)
cut 1 2
cut 1 3
(disconnect 3 1)
read 1 1
deliver
(tick 2 60)
(stand 3)
(deliver)
(propose 3 b)
(deliver)
status 3
---
n1 begins round 1 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=1 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=1 floor=1
n3 leader term=2 leader=n3 commit=3 durable=3 log=[1,2,2]
  n1 probe match=0 next=2 inflight=0 disconnected
  n2 pipeline match=3 next=4 inflight=0

tick 1 60
---
n1 begins round 2 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=2 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=2 floor=1
n1 begins round 3 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=3 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=3 floor=1
n1 begins round 4 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=4 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=4 floor=1
n1 begins round 5 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=5 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=5 floor=1
n1 begins round 6 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=6 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=6 floor=1
n1 is follower in term 1, leader nobody
n1 refuses read 1

read 2 2
deliver
---
n2 -> n3 ReadIndex term=2 ticket=2
n3 begins round 1 of term 2
n3 -> n1 Heartbeat term=2 commit=0 seq=1 floor=0
n3 -> n2 Heartbeat term=2 commit=3 seq=1 floor=0
n2 -> n3 HeartbeatAck term=2 seq=1 commit=3 applied=0
n3 has a lease from round 1
n3 -> n2 ReadIndexReply term=2 ticket=2 index=3
n2 may answer read 2 at 3
