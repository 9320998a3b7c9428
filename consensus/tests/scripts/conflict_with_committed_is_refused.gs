# A message that contradicts a committed entry is ignored and counted: no node drops what is committed.

cluster nodes=3
node 2 terms=1.1.2 term=2 commit=3
append from=3 to=2 term=3 prev=2 prev_term=2
status 2
---
n2 write 1: term 3 vote nobody
n2 is follower in term 3, leader n3
n2 follower term=3 leader=n3 commit=3 durable=3 log=[1,1,2]
  ignored unknown=0 malformed=0 stale=0 impossible=1
