# A heartbeat tells a follower no more than it is known to hold, so it may overtake the entries.

cluster nodes=3
(stand 1)
(deliver)
isolate 3
propose 1 a
deliver
heal
tick 1 10
deliver from=1 to=3
status 3
---
n1 write 3: append 2@1:a
n1 -> n2 Append term=1 prev=1@1 commit=1 2@1:a
n1 -> n3 Append term=1 prev=1@1 commit=1 2@1:a
n2 write 3: append 2@1:a
n2 -> n1 AppendAck term=1 match=2 (after write 3)
n1 commits up to 2
n1 -> n2 Commit term=1 commit=2
n2 commits up to 2
n1 begins round 1 of term 1
n1 -> n2 Heartbeat term=1 commit=2 seq=1 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=1 floor=1
n3 -> n1 HeartbeatAck term=1 seq=1 commit=1 applied=0
n3 follower term=1 leader=n1 commit=1 durable=1 log=[1]
