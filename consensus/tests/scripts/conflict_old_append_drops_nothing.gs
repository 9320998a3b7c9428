# An append that comes late, or twice, carries entries that are held already: nothing is dropped.

cluster nodes=3
node 2 terms=1.3.3.3 term=3
append from=1 to=2 term=3 prev=1 prev_term=1 x y
append from=1 to=2 term=3 prev=0 prev_term=0
status 2
---
n2 is follower in term 3, leader n1
n2 -> n1 AppendAck term=3 match=3
n2 -> n1 AppendAck term=3 match=0
n2 follower term=3 leader=n1 commit=0 durable=4 log=[1,3,3,3]

# Partly held: only the rest is appended.
append from=1 to=2 term=3 prev=1 prev_term=1 x y z w
status 2
---
n2 write 1: append 5@3:w
n2 -> n1 AppendAck term=3 match=5 (after write 1)
n2 follower term=3 leader=n1 commit=0 durable=5 log=[1,3,3,3,3]
