# A read on the leader is answered at its commit index once a round that began after it is answered by a majority.

cluster nodes=3
(stand 1)
(deliver)
(propose 1 a)
(deliver)
read 1 7
---
n1 begins round 1 of term 1
n1 -> n2 Heartbeat term=1 commit=2 seq=1 floor=2
n1 -> n3 Heartbeat term=1 commit=2 seq=1 floor=2

deliver from=2
deliver to=2
deliver to=1
---
n2 -> n1 HeartbeatAck term=1 seq=1 commit=2 applied=0
n1 has a lease from round 1
n1 may answer read 7 at 2

# Of a leader that has committed nothing in its term yet, or alone.
cluster nodes=3
(stand 1)
(deliver to=2)
(deliver to=1)
(deliver to=2)
(deliver to=1)
read 1 8
---
n1 refuses read 8

cluster nodes=1
(stand 1)
read 1 9
---
n1 may answer read 9 at 1
