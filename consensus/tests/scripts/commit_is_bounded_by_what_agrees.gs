# A follower believes the commit index of an append only as far as the append shows that the logs agree.

cluster nodes=3
node 2 terms=1.2.2 term=2
append from=1 to=2 term=3 prev=1 prev_term=1 commit=3
status 2
---
n2 write 1: term 3 vote nobody
n2 is follower in term 3, leader n1
n2 commits up to 1
n2 -> n1 AppendAck term=3 match=1 (after write 1)
n2 follower term=3 leader=n1 commit=1 durable=3 log=[1,2,2]

# Entry 2 of the new leader is another one.
append from=1 to=2 term=3 prev=1 prev_term=1 commit=3 x
status 2
---
n2 write 2: truncate from 2
n2 write 3: append 2@3:x
n2 commits up to 2
n2 -> n1 AppendAck term=3 match=2 (after write 3)
n2 follower term=3 leader=n1 commit=2 durable=2 log=[1,3]
