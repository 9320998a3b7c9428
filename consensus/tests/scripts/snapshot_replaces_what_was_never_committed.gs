# A snapshot takes the place of entries that differ from it, and of the members they made; a term that the node did not know is written first.

cluster nodes=4
node 4 terms=1.1.1 term=1
node 1 terms=1.2.2 term=2
node 2 terms=1.2.2 term=2
node 3 terms=1.2.2 term=2
cut 1 4
(stand 1)
(deliver)
(change 1 weight 2 7)
(deliver)
stage 4 of=1
status 4
members 4
---
n4 write 1: term 3 vote nobody
n4 is follower in term 3, leader nobody
n4 write 2: nothing after 5@3
n4 members from 5: n1 n2:weight7 n3 n4
n4 follower term=3 leader=nobody commit=5 durable=5 log=[5..]
n4 members from 5 (committed): n1 n2:weight7 n3 n4; all hold 0
