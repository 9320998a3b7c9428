# Reads that come while a round is out share the next one.

cluster nodes=3
(stand 1)
(deliver)
read 1 1
read 1 2 3
(propose 1 a)
(deliver to=2 count=2)
read 2 4
deliver
---
n1 begins round 1 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=1 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=1 floor=1
n2 -> n1 ReadIndex term=1 ticket=4
n3 -> n1 HeartbeatAck term=1 seq=1 commit=1 applied=0
n3 write 3: append 2@1:a
n3 -> n1 AppendAck term=1 match=2 (after write 3)
n1 has a lease from round 1
n1 may answer read 1 at 1
n1 begins round 2 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=2 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=2 floor=1
n1 commits up to 2
n1 -> n2 Commit term=1 commit=2
n1 -> n3 Commit term=1 commit=2
n2 -> n1 HeartbeatAck term=1 seq=2 commit=1 applied=0
n3 -> n1 HeartbeatAck term=1 seq=2 commit=1 applied=0
n2 commits up to 2
n3 commits up to 2
n1 has a lease from round 2
n1 may answer read 2 at 1
n1 may answer read 3 at 1
n1 begins round 3 of term 1
n1 -> n2 Heartbeat term=1 commit=2 seq=3 floor=2
n1 -> n3 Heartbeat term=1 commit=2 seq=3 floor=2
n2 -> n1 HeartbeatAck term=1 seq=3 commit=2 applied=0
n3 -> n1 HeartbeatAck term=1 seq=3 commit=2 applied=0
n1 has a lease from round 3
n1 -> n2 ReadIndexReply term=1 ticket=4 index=2
n2 may answer read 4 at 2
