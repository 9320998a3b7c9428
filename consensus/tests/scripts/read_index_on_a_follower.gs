# A follower asks the leader, and a node that knows none refuses.

cluster nodes=3
read 2 5
(stand 1)
(deliver)
read 2 6
deliver
---
n2 refuses read 5
n2 -> n1 ReadIndex term=1 ticket=6
n1 begins round 1 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=1 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=1 floor=1
n2 -> n1 HeartbeatAck term=1 seq=1 commit=1 applied=0
n3 -> n1 HeartbeatAck term=1 seq=1 commit=1 applied=0
n1 has a lease from round 1
n1 -> n2 ReadIndexReply term=1 ticket=6 index=1
n2 may answer read 6 at 1

# An answer that nobody waits for, and one that never comes.
reply from=1 to=2 term=1 ticket=6 index=9
isolate 1
read 2 7
deliver
tick 2 60
status 2
---
n2 -> n1 ReadIndex term=1 ticket=7
n2 refuses read 7
n2 follower term=1 leader=n1 commit=1 durable=1 log=[1]
  ignored unknown=0 malformed=0 stale=1 impossible=0
