# A snapshot that ends at an entry of the log only says that it is decided; what lies behind may have been acknowledged and stays.

cluster nodes=3
(stand 1)
(deliver)
(propose 1 a)
(deliver)
(propose 1 b)
(deliver to=3)
cut 1 3
(deliver)
node 3 terms=1.1.1.1 term=1
stage 3 of=1
status 3
---
n3 commits up to 3
n3 follower term=1 leader=nobody commit=3 durable=4 log=[1,1,1,1]
